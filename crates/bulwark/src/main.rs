//! 壁壘 Bulwark: the command line. It reads arguments, wires engines together and prints; whatever
//! is worth a test of its own lives in an engine.

mod audit;
mod backup;
mod cli;
mod clock;
mod config;
mod cruise;
mod deadline;
mod demo;
mod doctor;
mod ds;
mod explain;
mod home;
mod installation;
mod local;
mod org;
mod print;
mod probe;
mod serve;
mod texts;
mod validate;

use std::process::ExitCode;

use bulwark_model::Exit;
use clap::Parser as _;

fn main() -> ExitCode {
    // The parser of uploaded files shuts itself in before anything else happens; nobody types this command.
    if std::env::args_os().nth(1).is_some_and(|first| first == "parse-table") {
        return bulwark_console::parse_table();
    }
    let cli = cli::Cli::parse();
    let exit = match cli.command {
        cli::Command::Cruise(command) => cruise::main(command, cli.lang),
        cli::Command::Probe(command) => probe::main(command, cli.lang),
        cli::Command::Ds(command) => ds::main(command, cli.lang),
        cli::Command::Clock(command) => deadline::main(command, cli.lang),
        cli::Command::Validate { kind, value, .. } => Ok(validate::main(kind, value.as_deref(), cli.lang)),
        cli::Command::Demo { which, links } => demo::main(&which, links, cli.lang),
        cli::Command::Serve(which) => serve::main(&which, cli.lang),
        cli::Command::Config(command) => config::main(command, cli.lang),
        cli::Command::Doctor { which, fail_on } => doctor::main(&which, fail_on, cli.lang),
        cli::Command::Audit(command) => audit::main(command, cli.lang),
        cli::Command::Backup { dir, which } => backup::back_up(&which, &dir, cli.lang),
        cli::Command::Restore { dir, into, keys, which } => {
            backup::restore(&which, &dir, &into, keys.as_deref(), cli.lang)
        }
        cli::Command::Migrate(command) => backup::migrate(command, cli.lang),
        cli::Command::Org(command) => org::main(command, cli.lang),
        cli::Command::Admin(command) => local::admin(command, cli.lang),
        // No thread was started yet, so the walls of the child hold for all of it.
        cli::Command::ParseTable => return bulwark_console::parse_table(),
        cli::Command::Explain { id } => explain::main(&id, cli.lang),
    };
    ExitCode::from(exit.unwrap_or_else(|notes| {
        print::notes(&notes, cli.lang);
        Exit::Usage
    }) as u8)
}
