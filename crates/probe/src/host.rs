//! Local facts given as text: os-release(5), `/proc/net/*`, `/proc/mounts`, package databases,
//! sshd_config(5), and when operating systems end.

mod eol;
mod files;

pub use eol::{Eol, end_of_life, end_of_life_of};
pub use files::{
    MountLine, OsRelease, Socket, dpkg_packages, apk_packages, is_storage, mounts, os_release, sockets, sshd_settings,
    sysctl_settings,
};
