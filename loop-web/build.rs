//! Builds the program anew when the page in it has changed.

#[expect(clippy::print_stdout, reason = "cargo reads it")]
fn main() {
    println!("cargo::rerun-if-changed=../spa/dist");
}
