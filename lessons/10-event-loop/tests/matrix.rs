//! This lesson against its column of the matrix: every cell, the red ones too.

#[test]
fn every_cell_is_as_the_matrix_promises() {
    check::matrix::assert_column(10, env!("CARGO_BIN_EXE_lesson10"));
}

#[test]
fn with_workers_every_cell_is_as_the_matrix_promises() {
    check::matrix::assert_variant(10, "with workers", env!("CARGO_BIN_EXE_lesson10"));
}
