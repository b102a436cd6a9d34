//! Sealed columns (threat T2): each agency has a data key, wrapped by the master key that lies in a file beside the
//! database. A sealed value is bound to its table, column and row, so a value moved elsewhere does not open.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::entity::organisation::data_key;
use crate::entity::{Record, Row};
use crate::hash::Sha256;
use crate::id::random;
use crate::{Store, StoreError, Tx};

/// The key that wraps data keys.
pub(crate) struct MasterKey {
    wrap: LessSafeKey,
    mac: ring::hmac::Key,
}

impl MasterKey {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        // Another use of the secret gets a key of its own.
        let mac = Sha256::of_parts(&[b"bulwark address hash v1\0", &secret]);
        Self { wrap: key(&secret), mac: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &mac.0) }
    }
}

impl Store {
    /// What stands for a network address in the audit log: its keyed hash, which nobody without the master key can try
    /// all addresses against.
    pub fn address_hash(&self, address: &str) -> Sha256 {
        let tag = ring::hmac::sign(&self.master().mac, address.as_bytes());
        Sha256::from_slice(tag.as_ref()).unwrap_or_else(|| Sha256::of(tag.as_ref()))
    }
}

/// The data key of an agency.
pub struct DataKey(LessSafeKey);

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: &'static str,
    row: Uuid,
}

impl Place {
    /// A column of a row.
    pub const fn of<E: Record>(column: &'static str, row: Uuid) -> Self {
        Self { table: E::KIND, column, row }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}/{}", self.table, self.column, self.row)
    }
}

impl DataKey {
    /// Seals a value for its place: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// [`StoreError::Random`].
    pub fn seal(&self, place: Place, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.0, place, value)
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] when it was altered, moved or sealed by another key.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&self.0, place, sealed)
    }
}

impl Tx {
    /// The data key of an organisation; made when it has none.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] when it was wrapped by another master key.
    pub async fn data_key(&mut self, store: &Store, organisation: Uuid) -> Result<DataKey, StoreError> {
        match unwrap(store, self.conn(), organisation).await {
            Err(StoreError::NotFound { .. }) => {}
            found => return found,
        }
        let secret = random::<32>()?;
        let place = Place::of::<data_key::Entity>("wrapped", organisation);
        let wrapped = seal(&store.master().wrap, place, &secret)?;
        let created_at = self.now();
        self.insert::<data_key::Entity>(data_key::Model {
            id: organisation,
            version: 1,
            wrapped,
            created_at,
        })
        .await?;
        Ok(DataKey(key(&secret)))
    }
}

impl Store {
    /// The data key of an organisation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when nothing was sealed for it yet; [`StoreError::Unsealable`].
    pub async fn data_key(&self, organisation: Uuid) -> Result<DataKey, StoreError> {
        unwrap(self, self.reader(), organisation).await
    }
}

async fn unwrap<C: ConnectionTrait>(store: &Store, conn: &C, id: Uuid) -> Result<DataKey, StoreError> {
    let row = crate::write::get::<data_key::Entity, _>(conn, id).await?;
    let place = Place::of::<data_key::Entity>("wrapped", row.id());
    let secret = open(&store.master().wrap, place, &row.wrapped)?;
    let secret = secret.try_into().map_err(|_| StoreError::Unsealable { place: place.to_string() })?;
    Ok(DataKey(key(&secret)))
}

fn key(secret: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, secret).expect("any 32 bytes are a ChaCha20 key");
    LessSafeKey::new(key)
}

fn bound(place: Place) -> Vec<u8> {
    // No table or column name holds a slash, so two places never read the same.
    format!("bulwark-seal-1/{}/{}/{}", place.table, place.column, place.row).into_bytes()
}

fn seal(key: &LessSafeKey, place: Place, value: &[u8]) -> Result<Vec<u8>, StoreError> {
    // 96 random bits: safe for 2^32 values of one key (NIST SP 800-38D §8.3 counts the same way).
    let nonce = random::<NONCE_LEN>()?;
    let mut out = value.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound(place)), &mut out)
        .map_err(|_| StoreError::Unsealable { place: place.to_string() })?;
    out.splice(0..0, nonce);
    Ok(out)
}

fn open(key: &LessSafeKey, place: Place, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let broken = || StoreError::Unsealable { place: place.to_string() };
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let mut rest = rest.to_vec();
    let value = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound(place)), &mut rest)
        .map_err(|_| broken())?;
    Ok(value.to_vec())
}
