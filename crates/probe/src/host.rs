//! Local facts given as text: os-release(5), `/proc/net/*`, `/proc/mounts`, package databases,
//! sshd_config(5), and when operating systems end.

mod eol;
mod files;

pub use eol::{Eol, end_of_life, end_of_life_of};
pub(crate) use files::octal;
pub use files::{
    MountLine, OsRelease, Socket, apk_packages, dpkg_packages, is_storage, mounts, os_release, sockets,
    sshd_settings, sysctl_settings,
};

/// Entry point for fuzzing and property tests.
pub fn fuzz_host(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = end_of_life(&os_release(&text));
    let _ = (sockets(&text, true), sockets(&text, false), mounts(&text));
    let _ = (dpkg_packages(&text), apk_packages(&text), sshd_settings(&text), sysctl_settings(&text));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::fuzz_host(&data);
        }

        #[test]
        fn near_files_never_panic(text in "([0-9A-F]{8}|:|0A|[a-z]{1,4}|=|\"|'|\\\\|[ \n]|/|\\.|\u{8cc7}|-){0,60}") {
            super::fuzz_host(text.as_bytes());
        }
    }
}
