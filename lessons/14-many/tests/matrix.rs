//! This lesson against its column of the matrix: every cell, the red ones too.

#[test]
fn every_cell_is_as_the_matrix_promises() {
    check::matrix::assert_column(14, env!("CARGO_BIN_EXE_lesson14"));
}
