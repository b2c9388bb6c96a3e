mod bytes;
mod frames;
mod options;
mod oracles;
mod random;
mod rules;
