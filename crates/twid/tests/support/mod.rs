//! The shared test vectors.

/// A file of the area, when this machine has it.
pub fn shared(path: &str) -> Option<String> {
    let path = bulwark_testkit::shared_data("digital-services")?.join(path);
    Some(std::fs::read_to_string(path).expect("readable"))
}

/// Rows of a CSV file of vectors whose quoted fields hold no line breaks, without its head.
pub fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let text = shared(&format!("vectors/{name}"))?;
    let row = |line: &str| {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                c => field.push(c),
            }
        }
        fields.push(field);
        fields
    };
    Some(text.lines().skip(1).map(row).collect())
}
