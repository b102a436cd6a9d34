//! The parser of uploaded files as a program of its own, for the tests of this crate: the product calls itself.

fn main() -> std::process::ExitCode {
    bulwark_console::parse_table()
}
