//! Renders every example of every component many times and prints what it cost:
//! `bytes N seconds S css N js_core N js_all N`. `cargo xtask bench ds` reads the line.

use std::time::Instant;

use bulwark_ui::style::{CORE, css, gzip_size, scripts};
use bulwark_ui::{Engine, registry};

const ROUNDS: usize = 200;

#[expect(clippy::print_stdout, reason = "a program for the bench task to read")]
fn main() {
    let engine = Engine::shared();
    let render = || -> usize {
        let all = registry().iter().flat_map(|c| c.examples.iter().map(move |e| (c, e)));
        all.map(|(c, e)| engine.component(c, &e.params).map_or(0, |html| html.len())).sum()
    };
    render();
    let began = Instant::now();
    let bytes: usize = (0..ROUNDS).map(|_| render()).sum();
    let seconds = began.elapsed().as_secs_f64();
    let scripts = scripts();
    let core = scripts.iter().find(|(name, _)| name == CORE).map_or(0, |(_, s)| gzip_size(s.as_bytes()));
    let all: String = scripts.iter().map(|(_, s)| s.as_str()).collect();
    println!(
        "bytes {bytes} seconds {seconds:.4} css {} js_core {core} js_all {}",
        gzip_size(css().as_bytes()),
        gzip_size(all.as_bytes())
    );
}
