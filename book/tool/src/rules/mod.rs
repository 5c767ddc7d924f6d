//! The rules of the contract between text and code, one module each.

pub mod agreement;
pub mod budget;
pub mod coverage;
pub mod fences;
pub mod figures;
pub mod floors;
pub mod glossary;
pub mod headings;
pub mod images;
pub mod includes;
pub mod links;
pub mod listings;
pub mod numbers;
pub mod skeleton;
pub mod small;
