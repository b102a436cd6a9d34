//! 壁壘 Bulwark: the command line. It reads arguments, wires engines together and prints; whatever
//! is worth a test of its own lives in an engine.

mod cli;
mod clock;
mod cruise;
mod deadline;
mod ds;
mod explain;
mod home;
mod print;
mod probe;
mod texts;
mod validate;

use std::process::ExitCode;

use bulwark_model::Exit;
use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let exit = match cli.command {
        cli::Command::Cruise(command) => cruise::main(command, cli.lang),
        cli::Command::Probe(command) => probe::main(command, cli.lang),
        cli::Command::Ds(command) => ds::main(command, cli.lang),
        cli::Command::Clock(command) => deadline::main(command, cli.lang),
        cli::Command::Validate { kind, value, .. } => Ok(validate::main(kind, value.as_deref(), cli.lang)),
        cli::Command::Explain { id } => explain::main(&id, cli.lang),
    };
    ExitCode::from(exit.unwrap_or_else(|notes| {
        print::notes(&notes, cli.lang);
        Exit::Usage
    }) as u8)
}
