//! Pieces that screens are made of. They know the model's types, never the connection.

pub mod canvas;
pub mod chrome;
pub mod log;
pub mod rack;
pub mod table;
pub mod words;
pub mod wrap;
