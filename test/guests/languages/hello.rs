// Prefixes the lines of stdin with its argument, tells a variable on stderr, and prints a granted file.
use std::io::BufRead;
fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    for line in std::io::stdin().lock().lines() { println!("{}: {}", name, line.unwrap()); }
    eprintln!("{}", std::env::var("LANG").unwrap_or("none".into()));
    match std::fs::read_to_string("/data/a.txt") {
        Ok(text) => println!("{}", text),
        Err(_) => std::process::exit(3),
    }
}
