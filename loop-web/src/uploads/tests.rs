//! Uploads without a network.
