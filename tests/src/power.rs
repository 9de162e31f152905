//! What a power cut leaves behind, tried at every step.
//!
//! The real daemons run under `strace` while a script of changes is carried out ([`script`], [`recorder`]). Their system calls ([`trace`])
//! become operations on the data folder ([`follow`]), and a model of the disk ([`disk`]) knows after each of them what is
//! there for sure and what a power cut could still take away. Every state a cut could leave ([`states`]) is laid out in a
//! folder, opened by the real code, and compared with what had been acknowledged by then ([`cut`]).
//!
//! What the model takes for granted, and nothing more: `fsync` of a file makes its content durable, `fsync` of a folder the
//! names in it; a rename happens whole or not at all, and is durable when one of its two folders has been synced, as with
//! every journal that Linux has; two changes of the same name do not overtake each other. All else may be lost, in any
//! order, and files may come back empty, short, or full of zeros.

pub mod content;
pub mod counts;
pub mod cut;
pub mod disk;
pub mod follow;
pub mod opened;
pub mod operation;
pub mod recorder;
pub mod script;
pub mod states;
pub mod trace;
