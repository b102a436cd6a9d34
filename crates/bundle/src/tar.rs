//! The part of POSIX ustar (IEEE Std 1003.1, `pax`, "ustar Interchange Format") that a bundle uses:
//! regular files with fixed metadata. One name and size give exactly one header.

/// Size of a block; every header and every padded content is a multiple of it.
pub(crate) const BLOCK: usize = 512;
/// The size field holds eleven octal digits.
pub(crate) const MAX_SIZE: u64 = 0o77_777_777_777;

pub(crate) type Block = [u8; BLOCK];

/// Splits a name into the ustar fields `prefix` (≤ 155 bytes) and `name` (≤ 100 bytes), at the
/// leftmost slash that makes both fit. `None`: it does not fit.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    name.match_indices('/')
        .map(|(at, _)| (&name[..at], &name[at + 1..]))
        .find(|(prefix, rest)| rest.len() <= 100 && !rest.is_empty() && !prefix.is_empty())
        .filter(|(prefix, _)| prefix.len() <= 155)
}

/// The header of a regular file: mode 0644, owner 0, time 0, no owner names.
/// `None` when the name or the size does not fit.
pub(crate) fn header(name: &str, size: u64) -> Option<Block> {
    let (prefix, name) = split(name)?;
    if size > MAX_SIZE {
        return None;
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    put(345, prefix.as_bytes());
    let sum = format!("{:06o}\0 ", checksum(&block));
    block[148..156].copy_from_slice(sum.as_bytes());
    Some(block)
}

/// What a block with a right checksum says, canonical or not; only to tell a person what was found.
pub(crate) struct Peek {
    /// The name, invalid UTF-8 replaced.
    pub name: String,
    /// The size of the content in bytes.
    pub size: u64,
}

/// Reads name and size of a block whose tar checksum is right.
pub(crate) fn peek(block: &Block) -> Option<Peek> {
    let octal = |field: &[u8]| {
        let text = std::str::from_utf8(field).ok()?;
        u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
    };
    if octal(&block[148..156])? != u64::from(checksum(block)) {
        return None;
    }
    let text = |field: &[u8]| {
        let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    let (prefix, name) = (text(&block[345..500]), text(&block[..100]));
    let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    Some(Peek { name, size: octal(&block[124..136])? })
}

/// Zero bytes needed after `size` bytes of content.
#[expect(clippy::cast_possible_truncation, reason = "a remainder under 512")]
pub(crate) const fn padding(size: u64) -> usize {
    let rest = (size % BLOCK as u64) as usize;
    if rest == 0 { 0 } else { BLOCK - rest }
}

/// Bytes an entry takes: header, content, padding.
pub(crate) const fn entry_bytes(size: u64) -> u64 {
    (BLOCK as u64).saturating_add(size).saturating_add(padding(size) as u64)
}

/// True for a block of zeros, as at the end of an archive.
pub(crate) fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|b| *b == 0)
}

fn checksum(block: &Block) -> u32 {
    block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_split_or_refused() {
        assert_eq!(split(&"a".repeat(100)).expect("fits").0, "");
        assert!(split(&"a".repeat(101)).is_none());
        let name = format!("{}/{}", "d".repeat(120), "f".repeat(100));
        assert_eq!(split(&name).expect("fits").0.len(), 120);
        assert!(split(&format!("{}/{}", "d".repeat(156), "f".repeat(10))).is_none());
        assert!(split(&format!("{}/", "d".repeat(120))).is_none());
        let peeked = peek(&header(&name, 77).expect("fits")).expect("checksum");
        assert_eq!((peeked.name, peeked.size), (name, 77));
    }

    #[test]
    fn sizes_fit_eleven_octal_digits() {
        assert!(header("a", MAX_SIZE).is_some());
        assert!(header("a", MAX_SIZE + 1).is_none());
        assert_eq!((padding(0), padding(1), padding(512)), (0, 511, 0));
        assert_eq!(entry_bytes(513), 1536);
    }
}
