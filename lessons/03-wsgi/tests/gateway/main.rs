//! The gateway over real sockets: PEP 3333 rule by rule, and the server around it.

mod attacks;
mod pep3333;
mod served;
mod serving;
