//! The check catalogue, one folder a domain: code and texts together.

mod architecture;
mod data_mgmt;
mod db_io;
mod end_user;
mod function;
mod network;
mod questionnaire;
#[cfg(test)]
pub(crate) mod sample;
mod vuln;

use crate::check::Definition;

/// All checks, in the order of the seven domains.
pub const ALL: &[&[Definition]] = &[
    network::CHECKS,
    architecture::CHECKS,
    function::CHECKS,
    db_io::CHECKS,
    end_user::CHECKS,
    data_mgmt::CHECKS,
    vuln::CHECKS,
];
