//! SHA-256 and the hash tree of RFC 6962 §2.1, pure.

use std::fmt;
use std::str::FromStr;

use ring::digest::{Context, SHA256};

/// A SHA-256 value; written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The hash of the parts one after the other.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(part);
        }
        Self::finish(context)
    }

    pub(crate) fn finish(context: Context) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        Self(out)
    }

    /// The 32 bytes of a slice, when it has 32.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        from_hex(text).as_deref().and_then(Self::from_slice).ok_or_else(|| format!("{text:?} is no SHA-256"))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Hash of a leaf: `SHA-256(0x00 ‖ bytes)`.
pub fn leaf_hash(bytes: &[u8]) -> Sha256 {
    Sha256::of_parts(&[&[0], bytes])
}

/// Hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::of_parts(&[&[1], &left.0, &right.0])
}

/// A growing tree of which only the roots of its complete subtrees are kept, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    peaks: Vec<Sha256>,
}

impl Tree {
    /// The tree of `size` leaves with these roots of complete subtrees; `None` when their number does not fit.
    pub fn from_peaks(size: u64, peaks: Vec<Sha256>) -> Option<Self> {
        (u64::from(size.count_ones()) == peaks.len() as u64).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Sha256] {
        &self.peaks
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Sha256) {
        let mut node = leaf;
        let mut carry = self.size;
        while carry & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            carry >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root; of no leaves it is the hash of nothing.
    pub fn root(&self) -> Sha256 {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::of(b"") };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Every node of a tree, for proofs. A last node without a sibling is its own parent, which gives the tree of
/// RFC 6962.
#[derive(Debug, Clone)]
pub struct Nodes(Vec<Vec<Sha256>>);

impl Nodes {
    /// Of these leaf hashes.
    pub fn new(leaves: Vec<Sha256>) -> Self {
        let mut levels = vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let up = level.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(left, right),
                alone => alone.iter().copied().next().unwrap_or_else(|| Sha256::of(b"")),
            });
            let up = up.collect();
            levels.push(up);
        }
        Self(levels)
    }

    /// The root.
    pub fn root(&self) -> Sha256 {
        self.0.last().and_then(|level| level.first()).copied().unwrap_or_else(|| Sha256::of(b""))
    }

    /// The audit path of leaf `index` (RFC 6962 §2.1.1), bottom first.
    pub fn path(&self, index: usize) -> Vec<Sha256> {
        let sibling = |(height, level): (usize, &Vec<Sha256>)| level.get((index >> height) ^ 1).copied();
        self.0.iter().enumerate().filter_map(sibling).collect()
    }
}

/// Whether `path` leads from leaf `index` to the root of a tree of `size` leaves (RFC 9162 §2.1.3.2).
pub fn included(leaf: Sha256, index: u64, size: u64, path: &[Sha256], root: Sha256) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut node) = (index, size - 1, leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            node = node_hash(step, &node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && node == root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The eight inputs of the Certificate Transparency test vectors.
    const INPUTS: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let leaves: Vec<Sha256> = INPUTS.iter().map(|hex| leaf_hash(&from_hex(hex).unwrap())).collect();
        let expected = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (n, hex) in expected {
            assert_eq!(Nodes::new(leaves[..n].to_vec()).root().to_string(), hex, "{n} leaves");
            let mut tree = Tree::default();
            leaves[..n].iter().for_each(|leaf| tree.push(*leaf));
            assert_eq!(tree.root().to_string(), hex, "{n} leaves");
        }
    }

    proptest! {
        #[test]
        fn every_leaf_is_proven_and_no_other(n in 1usize..70, index in 0usize..70, flip in 0usize..32) {
            let leaves: Vec<Sha256> = (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect();
            let index = index % n;
            let nodes = Nodes::new(leaves.clone());
            let path = nodes.path(index);
            let (at, size, top) = (index as u64, n as u64, nodes.root());
            prop_assert!(included(leaves[index], at, size, &path, top));
            let mut wrong = leaves[index];
            wrong.0[flip] ^= 1;
            prop_assert!(!included(wrong, at, size, &path, top));
            prop_assert!(!included(leaves[index], at, size + 1, &path, Sha256::of(b"other")));
            prop_assert!(n == 1 || !included(leaves[index], (at + 1) % size, size, &path, top));
        }
    }
}
