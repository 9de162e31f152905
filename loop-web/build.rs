//! Builds the program anew when the page in it has changed.

fn main() {
    println!("cargo::rerun-if-changed=../spa/dist");
}
