//! Proofs that something does not exist: NSEC (RFC 4034 §4, RFC 4035 §5.4) and NSEC3 (RFC 5155 §8).

use ring::digest;

use super::types::{CNAME, DS, NS, NSEC, NSEC3, SOA};
use super::wire::{Cursor, Name, RawRecord};

/// NSEC3 iterations beyond which validators treat a zone as insecure or refuse it (RFC 9276 §3.2
/// lets them choose; 100 is the line in common use for insecure).
pub(super) const MAX_ITERATIONS: u16 = 100;

/// How a zone denies names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// NSEC: names in order.
    Nsec,
    /// NSEC3: hashed names.
    Nsec3 {
        /// Additional iterations; 0 is right (RFC 9276 §3.1).
        iterations: u16,
        /// Octets of salt; 0 is right (RFC 9276 §3.1).
        salt: u8,
        /// Opt-out.
        opt_out: bool,
    },
}

/// What a proof of absence shows about a DS question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// There is a delegation without DS: everything below is insecure.
    InsecureDelegation,
    /// There is no delegation at this name; the zone goes on.
    NoDelegation,
    /// The record comes from the child's side of the cut.
    ChildSide,
    /// More iterations than validators do.
    TooManyIterations(u16),
    /// Nothing is proven.
    Unproven,
}

/// One verified NSEC.
struct Plain {
    owner: Name,
    next: Name,
    types: Vec<u8>,
}

/// One verified NSEC3.
struct Hashed {
    hash: Vec<u8>,
    next: Vec<u8>,
    opt_out: bool,
    iterations: u16,
    salt: Vec<u8>,
    types: Vec<u8>,
}

/// The verified NSEC and NSEC3 records of an answer.
#[derive(Default)]
pub(super) struct Proofs {
    zone: Name,
    plain: Vec<Plain>,
    hashed: Vec<Hashed>,
}

/// Whether a type is in a bitmap (RFC 4034 §4.1.2).
fn has(bitmap: &[u8], rtype: u16) -> bool {
    let [window, low] = rtype.to_be_bytes();
    let mut cursor = Cursor::new(bitmap, 0);
    while let (Some(block), Some(length)) = (cursor.u8(), cursor.u8()) {
        let Some(octets) = cursor.take(length.into()) else { return false };
        if block == window {
            let octet = octets.get(usize::from(low / 8)).copied().unwrap_or(0);
            return octet & (0x80 >> (low % 8)) != 0;
        }
    }
    false
}

/// base32hex without padding (RFC 4648 §7), any case.
fn base32hex(text: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut value) = (Vec::new(), 0_u32, 0_u32);
    for c in text {
        let digit = char::from(*c).to_digit(32)?;
        value = (value << 5 | digit) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((value >> bits) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// Hash of a name (RFC 5155 §5); SHA-1 is the only algorithm there is.
fn hash(name: &Name, salt: &[u8], iterations: u16) -> Vec<u8> {
    let once = |data: &[u8]| {
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(data);
        context.update(salt);
        context.finish().as_ref().to_vec()
    };
    let mut out = once(&name.wire());
    for _ in 0..iterations {
        out = once(&out);
    }
    out
}

/// `owner < at < next` on a ring.
fn between<T: Ord>(owner: &T, at: &T, next: &T) -> bool {
    if owner < next { owner < at && at < next } else { at > owner || at < next }
}

impl Proofs {
    /// Reads the records; all of them must have been verified with the keys of `zone`.
    pub(super) fn read<'a>(zone: &Name, records: impl IntoIterator<Item = &'a RawRecord>) -> Self {
        let mut out = Self { zone: zone.clone(), ..Self::default() };
        for record in records {
            match record.rtype {
                NSEC => out.plain.extend(plain(record)),
                NSEC3 => out.hashed.extend(hashed(record, zone)),
                _ => {}
            }
        }
        out
    }

    /// The way of denial, when there is any.
    pub(super) fn method(&self) -> Option<Method> {
        if let Some(h) = self.hashed.first() {
            let salt = u8::try_from(h.salt.len()).unwrap_or(u8::MAX);
            let opt_out = self.hashed.iter().any(|h| h.opt_out);
            return Some(Method::Nsec3 { iterations: h.iterations, salt, opt_out });
        }
        (!self.plain.is_empty()).then_some(Method::Nsec)
    }

    fn too_many(&self) -> Option<u16> {
        self.hashed.iter().map(|h| h.iterations).max().filter(|n| *n > MAX_ITERATIONS)
    }

    fn hash_of(&self, name: &Name) -> Option<Vec<u8>> {
        let parameters = self.hashed.first()?;
        Some(hash(name, &parameters.salt, parameters.iterations))
    }

    /// Types at the very name, when it is proven to exist.
    fn types_at(&self, name: &Name) -> Option<&[u8]> {
        if let Some(p) = self.plain.iter().find(|p| p.owner == *name) {
            return Some(&p.types);
        }
        let hash = self.hash_of(name)?;
        self.hashed.iter().find(|h| h.hash == hash).map(|h| h.types.as_slice())
    }

    /// Whether NSEC covers the name: it has no records of its own. An NSEC at a delegation or
    /// DNAME says nothing about names below it (RFC 6840 §4.1).
    fn plain_covers(&self, name: &Name) -> Option<&Plain> {
        self.plain.iter().find(|p| {
            let below_cut = name.within(&p.owner)
                && *name != p.owner
                && ((has(&p.types, NS) && !has(&p.types, SOA)) || has(&p.types, super::types::DNAME));
            !below_cut && between(&p.owner, name, &p.next)
        })
    }

    fn hash_covers(&self, name: &Name) -> Option<&Hashed> {
        let hash = self.hash_of(name)?;
        self.hashed.iter().find(|h| between(&h.hash, &hash, &h.next))
    }

    /// Closest encloser and the name one label longer (RFC 5155 §8.3).
    fn closest(&self, name: &Name) -> Option<(Name, Name)> {
        let mut next = name.clone();
        loop {
            let above = next.parent()?;
            if !above.within(&self.zone) {
                return None;
            }
            if self.types_at(&above).is_some() {
                return Some((above, next));
            }
            next = above;
        }
    }

    /// What the proofs say about a DS at `name`.
    pub(super) fn ds_absent(&self, name: &Name) -> Denial {
        if let Some(count) = self.too_many() {
            return Denial::TooManyIterations(count);
        }
        if let Some(types) = self.types_at(name) {
            return match (has(types, SOA), has(types, DS) || has(types, CNAME), has(types, NS)) {
                (true, ..) => Denial::ChildSide,
                (_, true, _) => Denial::Unproven,
                (.., true) => Denial::InsecureDelegation,
                _ => Denial::NoDelegation,
            };
        }
        if self.plain_covers(name).is_some() {
            return Denial::NoDelegation;
        }
        if let Some((_, next_closer)) = self.closest(name)
            && let Some(h) = self.hash_covers(&next_closer)
        {
            return if h.opt_out { Denial::InsecureDelegation } else { Denial::NoDelegation };
        }
        Denial::Unproven
    }

    /// Whether it is proven that the name does not exist and no wildcard could answer for it.
    pub(super) fn name_absent(&self, name: &Name) -> bool {
        if let Some(p) = self.plain_covers(name) {
            // RFC 4035 §5.4: the closest encloser follows from the covering record.
            let (a, b) = (name.common(&p.owner), name.common(&p.next));
            let encloser = if a.labels().len() >= b.labels().len() { a } else { b };
            let wildcard = encloser.child(b"*");
            return encloser.within(&self.zone)
                && (self.plain_covers(&wildcard).is_some() || wildcard == *name);
        }
        let Some((encloser, next_closer)) = self.closest(name) else { return false };
        self.hash_covers(&next_closer).is_some() && self.hash_covers(&encloser.child(b"*")).is_some()
    }

    /// Whether it is proven that the name has no records of this type: it exists without them, or
    /// a wildcard without them stands for it.
    pub(super) fn type_absent(&self, name: &Name, rtype: u16) -> bool {
        let lacks = |types: &[u8]| !has(types, rtype) && !has(types, CNAME);
        if let Some(types) = self.types_at(name) {
            return lacks(types);
        }
        if let Some(p) = self.plain_covers(name) {
            // An empty non-terminal has only names below it.
            if p.next.within(name) {
                return true;
            }
            let (a, b) = (name.common(&p.owner), name.common(&p.next));
            let encloser = if a.labels().len() >= b.labels().len() { a } else { b };
            return self.types_at(&encloser.child(b"*")).is_some_and(lacks);
        }
        let Some((encloser, next_closer)) = self.closest(name) else { return false };
        let Some(covering) = self.hash_covers(&next_closer) else { return false };
        covering.opt_out || self.types_at(&encloser.child(b"*")).is_some_and(lacks)
    }

    /// Whether it is proven that nothing closer than the wildcard with `labels` labels after `*`
    /// exists for `name` (RFC 4035 §5.3.4, RFC 5155 §8.8).
    pub(super) fn wildcard_allowed(&self, name: &Name, labels: usize) -> bool {
        let next_closer = name.tail(labels + 1);
        self.plain_covers(name).is_some() || self.hash_covers(&next_closer).is_some()
    }
}

fn plain(record: &RawRecord) -> Option<Plain> {
    let mut cursor = Cursor::new(&record.data, 0);
    let next = cursor.name()?;
    Some(Plain { owner: record.name.clone(), next, types: cursor.rest().to_vec() })
}

fn hashed(record: &RawRecord, zone: &Name) -> Option<Hashed> {
    let (label, rest) = record.name.labels().split_first()?;
    if rest != zone.labels() {
        return None;
    }
    let mut cursor = Cursor::new(&record.data, 0);
    let algorithm = cursor.u8()?;
    let flags = cursor.u8()?;
    let iterations = cursor.u16()?;
    let length = cursor.u8()?;
    let salt = cursor.take(length.into())?.to_vec();
    let length = cursor.u8()?;
    let next = cursor.take(length.into())?.to_vec();
    // RFC 5155 §8.1, §8.2: unknown hash algorithms and flags make the record unusable.
    (algorithm == 1 && flags <= 1).then_some(())?;
    let types = cursor.rest().to_vec();
    Some(Hashed { hash: base32hex(label)?, next, opt_out: flags == 1, iterations, salt, types })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // RFC 5155 appendix A: salt aabbccdd, 12 iterations.
        let salt = [0xaa, 0xbb, 0xcc, 0xdd];
        for (name, expected) in [
            ("example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
            ("*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
        ] {
            let name = Name::parse(name).expect("a name");
            assert_eq!(Some(hash(&name, &salt, 12)), base32hex(expected.as_bytes()), "{name}");
        }
        assert_eq!(base32hex(b"w"), None);
    }

    #[test]
    fn bitmaps_are_read() {
        // RFC 4034 §4.3: A MX RRSIG NSEC TYPE1234.
        let mut bitmap = vec![0, 6, 0x40, 0x01, 0, 0, 0, 0x03, 4, 0x1b];
        bitmap.extend([0; 26]);
        bitmap.push(0x20);
        for (rtype, there) in
            [(1, true), (15, true), (46, true), (47, true), (1234, true), (2, false), (1235, false)]
        {
            assert_eq!(has(&bitmap, rtype), there, "{rtype}");
        }
        assert!(!has(&bitmap[..5], 47) && !has(&[], 1));
    }

    #[test]
    fn the_ring_closes() {
        assert!(between(&1, &2, &3) && !between(&1, &3, &3) && !between(&1, &1, &3));
        // The last record leads back to the first.
        assert!(between(&8, &9, &1) && between(&8, &0, &1) && !between(&8, &5, &1));
    }
}
