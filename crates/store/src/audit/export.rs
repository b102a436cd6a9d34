//! The log as files for someone who has neither the database nor this program: C2SP tiles
//! (<https://c2sp.org/tlog-tiles>) under a signed root, the second sink up to that root, and the public key.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, ORIGIN, key_hash};
use super::file::copy_file;
use super::log::leaves;
use crate::evidence::{make_folder, sync_folder};
use crate::hash::{Sha256, Tree, hex};
use crate::{Store, StoreError};

/// Hashes in a tile, and leaves in a bundle.
const WIDTH: usize = 256;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Leaves under the signed root.
    pub leaves: u64,
    /// The root.
    pub root: Sha256,
}

/// Writes the log up to the newest signed root into an empty folder: `checkpoint`, `tile/…`, `audit.log`,
/// `public-key` (hexadecimal, for `tools/audit-verify`) and `public-key.note` (as C2SP signed notes name a key).
///
/// # Errors
/// [`StoreError::NotEmpty`]; [`StoreError::NotFound`] when no root was signed yet; [`StoreError::AuditMismatch`] when
/// the log does not fit the root.
pub async fn export(store: &Store, dir: &Path) -> Result<Export, StoreError> {
    make_folder(dir)?;
    if std::fs::read_dir(dir).map_err(|e| StoreError::io(dir, e))?.next().is_some() {
        return Err(StoreError::NotEmpty { place: dir.display().to_string() });
    }
    let missing = || StoreError::NotFound { kind: "audit_checkpoint", id: "newest".into() };
    let note = store.newest_checkpoint().await?.ok_or_else(missing)?;
    let key = store.audit_public_key();
    let wrong = || StoreError::AuditMismatch("the newest signed root does not fit".into());
    let head = Checkpoint::verify(&note, &key).ok_or_else(wrong)?;
    let mut tiles = Tiles::new(dir);
    let mut seq = 0;
    while seq < head.size {
        let rows = leaves(store.reader(), seq, (head.size - seq).min(WIDTH as u64)).await?;
        if rows.is_empty() {
            return Err(StoreError::AuditMismatch(format!("leaf {seq} is missing from the database")));
        }
        seq += rows.len() as u64;
        for row in rows {
            tiles.leaf(row.leaf.as_bytes())?;
        }
    }
    if tiles.tree.root() != head.root {
        return Err(wrong());
    }
    tiles.end()?;
    copy_file(&store.config().audit_file(), &dir.join("audit.log"), head.size, &key)?;
    write(&dir.join("public-key"), format!("{}\n", hex(&key)).as_bytes())?;
    write(&dir.join("public-key.note"), verifier(&key).as_bytes())?;
    // Written last: a folder without it is no export.
    write(&dir.join("checkpoint"), note.as_bytes())?;
    sync_folder(dir)?;
    Ok(Export { leaves: head.size, root: head.root })
}

/// `NAME+HASH+KEY` as <https://c2sp.org/signed-note> writes it.
fn verifier(key: &[u8; 32]) -> String {
    let mut blob = vec![1];
    blob.extend_from_slice(key);
    format!("{ORIGIN}+{}+{}\n", hex(&key_hash(key)), STANDARD.encode(blob))
}

/// Tiles under construction.
struct Tiles<'d> {
    dir: &'d Path,
    tree: Tree,
    /// Leaves of the bundle that is not full yet, as stored.
    bundle: Vec<u8>,
    bundled: usize,
    /// Per level the tile that is not full yet, and its number.
    levels: Vec<(Vec<Sha256>, u64)>,
}

impl<'d> Tiles<'d> {
    fn new(dir: &'d Path) -> Self {
        Self { dir, tree: Tree::default(), bundle: Vec::new(), bundled: 0, levels: Vec::new() }
    }

    fn leaf(&mut self, leaf: &[u8]) -> Result<(), StoreError> {
        let long = |_| StoreError::BadValue { field: "leaf".into(), why: "longer than 65,535 bytes".into() };
        self.bundle.extend_from_slice(&u16::try_from(leaf.len()).map_err(long)?.to_be_bytes());
        self.bundle.extend_from_slice(leaf);
        self.bundled += 1;
        let hash = crate::hash::leaf_hash(leaf);
        let number = self.tree.size() / WIDTH as u64;
        self.tree.push(hash);
        if self.bundled == WIDTH {
            write(&self.dir.join(place("entries", number, None)), &self.bundle)?;
            self.bundle.clear();
            self.bundled = 0;
        }
        self.hash(0, hash)
    }

    /// Adds a hash to a level; a full tile becomes one hash of the level above.
    fn hash(&mut self, level: usize, hash: Sha256) -> Result<(), StoreError> {
        if self.levels.len() == level {
            self.levels.push((Vec::with_capacity(WIDTH), 0));
        }
        let Some((tile, number)) = self.levels.get_mut(level) else { return Ok(()) };
        tile.push(hash);
        if tile.len() < WIDTH {
            return Ok(());
        }
        write(&self.dir.join(place(&level.to_string(), *number, None)), &bytes(tile))?;
        let mut below = Tree::default();
        tile.drain(..).for_each(|hash| below.push(hash));
        *number += 1;
        let root = below.root();
        self.hash(level + 1, root)
    }

    /// What is not full.
    fn end(self) -> Result<(), StoreError> {
        if self.bundled > 0 {
            let number = self.tree.size() / WIDTH as u64;
            write(&self.dir.join(place("entries", number, Some(self.bundled))), &self.bundle)?;
        }
        for (level, (tile, number)) in self.levels.iter().enumerate() {
            if !tile.is_empty() {
                write(&self.dir.join(place(&level.to_string(), *number, Some(tile.len()))), &bytes(tile))?;
            }
        }
        Ok(())
    }
}

fn bytes(tile: &[Sha256]) -> Vec<u8> {
    tile.iter().flat_map(|hash| hash.0).collect()
}

/// `tile/LEVEL/x001/x234/067`, with `.p/WIDTH` for one that is not full.
fn place(level: &str, number: u64, partial: Option<usize>) -> PathBuf {
    let mut groups = vec![format!("{:03}", number % 1000)];
    let mut rest = number / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    if let (Some(width), Some(last)) = (partial, groups.first_mut()) {
        *last = format!("{last}.p/{width}");
    }
    groups.reverse();
    PathBuf::from(format!("tile/{level}/{}", groups.join("/")))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let failed = |e| StoreError::io(path, e);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{leaf_hash, node_hash};

    #[test]
    fn tiles_lie_where_the_standard_puts_them() {
        assert_eq!(place("0", 0, None), Path::new("tile/0/000"));
        assert_eq!(place("1", 1_234_067, None), Path::new("tile/1/x001/x234/067"));
        assert_eq!(place("entries", 1000, Some(7)), Path::new("tile/entries/x001/000.p/7"));
    }

    #[test]
    fn a_full_tile_is_one_hash_of_the_level_above() {
        let dir = tempfile::tempdir().unwrap();
        let mut tiles = Tiles::new(dir.path());
        let leaves: Vec<Vec<u8>> = (0..300u32).map(|n| n.to_be_bytes().to_vec()).collect();
        for leaf in &leaves {
            tiles.leaf(leaf).unwrap();
        }
        let root = tiles.tree.root();
        tiles.end().unwrap();
        let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
        let mut level: Vec<Sha256> = leaves[..256].iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(read("tile/0/000"), bytes(&level));
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        assert_eq!(read("tile/1/000.p/1"), bytes(&level));
        let rest: Vec<Sha256> = leaves[256..].iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(read("tile/0/001.p/44"), bytes(&rest));
        let mut right = Tree::default();
        for hash in &rest {
            right.push(*hash);
        }
        assert_eq!(root, node_hash(&level[0], &right.root()), "the tiles lead to the root");
        let bundle = read("tile/entries/001.p/44");
        assert_eq!((&bundle[..2], &bundle[2..6]), (&[0, 4][..], &256u32.to_be_bytes()[..]));
    }
}
