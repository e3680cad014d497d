//! Text in columns.

/// The rows, whose cells are parted by `between`, with each column as wide as
/// its widest cell.
pub fn columns(rows: &[String], between: char) -> String {
    let cells = |row: &String| -> Vec<String> {
        row.split(between).map(str::to_string).collect()
    };
    let rows: Vec<_> = rows.iter().map(cells).collect();
    let wide = |i: usize| {
        let column = rows.iter().filter_map(|row| row.get(i));
        column.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let most = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..most).map(wide).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths);
        let padded = padded.map(|(cell, wide)| format!("{cell:wide$} "));
        padded.collect::<String>().trim_end().to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_stand_under_one_another() {
        let rows = ["A;LONG;C", "wide;b", "x;y;z z"].map(String::from);
        let said = "A    LONG C\nwide b\nx    y    z z";
        assert_eq!(super::columns(&rows, ';'), said);
    }
}
