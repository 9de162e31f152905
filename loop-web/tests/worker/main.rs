//! Conversion on the device, over the real program: what comes out, what is refused, and that nothing is left.

mod animations;
mod hostile;
mod limited;
mod originals;
mod stills;
mod turns;
mod video;
mod workshop;
