//! Conversion on the device, over the real program: what comes out, what is refused, and that nothing is left.
//!
//! Each module is marked as a test, or its helpers would count as code of the product.

#[cfg(test)]
mod animations;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limited;
#[cfg(test)]
mod originals;
#[cfg(test)]
mod stills;
#[cfg(test)]
mod turns;
#[cfg(test)]
mod video;
#[cfg(test)]
mod workshop;
