//! This lesson against its column of the matrix: every cell, the red ones too.

mod served;

#[test]
fn every_cell_is_as_the_matrix_promises() {
    if !kit::needed::python() {
        return;
    }
    check::matrix::assert_column(13, env!("CARGO_BIN_EXE_lesson13"));
}
