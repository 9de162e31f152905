//! Temperatures, from where Linux shows them.

use std::path::{Path, PathBuf};

/// More sensors than this are not looked at.
const MOST: usize = 64;

/// A temperature and where it was measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Temperature {
    /// Names it among all: `thermal_zone0`, `hwmon1/temp1`.
    pub(crate) sensor: String,
    /// What the driver calls it.
    pub(crate) name: String,
    pub(crate) celsius: f64,
}

/// All temperatures below this folder, which is `/sys/class`; none where there is no sensor.
pub(crate) fn temperatures(class: &Path) -> Vec<Temperature> {
    let zones = folders(&class.join("thermal"), "thermal_zone").into_iter();
    let zones = zones.filter_map(|(sensor, folder)| {
        Some(Temperature {
            celsius: celsius(&folder.join("temp"))?,
            name: word(&folder.join("type")).unwrap_or_default(),
            sensor,
        })
    });
    let monitors = folders(&class.join("hwmon"), "hwmon").into_iter();
    let monitored = monitors.flat_map(|(sensor, folder)| of_monitor(&sensor, &folder));
    zones.chain(monitored).take(MOST).collect()
}

fn of_monitor(sensor: &str, folder: &Path) -> Vec<Temperature> {
    let chip = word(&folder.join("name")).unwrap_or_default();
    let inputs = folders(folder, "temp").into_iter();
    let inputs =
        inputs.filter_map(|(file, path)| Some((file.strip_suffix("_input")?.to_owned(), path)));
    let measured = inputs.filter_map(|(input, path)| {
        let label = word(&folder.join(format!("{input}_label")));
        Some(Temperature {
            celsius: celsius(&path)?,
            name: label.map_or_else(|| chip.clone(), |label| format!("{chip} {label}")),
            sensor: format!("{sensor}/{input}"),
        })
    });
    measured.collect()
}

/// What lies in a folder under such a name, in order.
fn folders(folder: &Path, beginning: &str) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let entries = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        name.starts_with(beginning)
            .then(|| (plain(&name), entry.path()))
    });
    let mut found: Vec<_> = entries.collect();
    found.sort();
    found
}

fn celsius(file: &Path) -> Option<f64> {
    let millis: i32 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(f64::from(millis) / 1000.0)
}

fn word(file: &Path) -> Option<String> {
    Some(plain(std::fs::read_to_string(file).ok()?.trim()))
}

/// As a label's value, in which nothing has to be escaped.
fn plain(text: &str) -> String {
    let keep = |letter: &char| {
        letter.is_ascii_graphic() && !matches!(letter, '"' | '\\') || *letter == ' '
    };
    text.chars().filter(keep).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sensor_is_told_once_and_what_is_broken_is_left_out() {
        let class = tempfile::TempDir::new().unwrap();
        for (path, content) in [
            ("thermal/thermal_zone0/temp", "48312\n"),
            ("thermal/thermal_zone0/type", "cpu-thermal\n"),
            ("thermal/thermal_zone1/temp", "no\n"),
            ("thermal/cooling_device0/type", "fan\n"),
            ("hwmon/hwmon0/name", "rp1\"_adc\n"),
            ("hwmon/hwmon0/temp1_input", "-5000\n"),
            ("hwmon/hwmon0/temp2_input", "40500\n"),
            ("hwmon/hwmon0/temp2_label", "Tdie\n"),
            ("hwmon/hwmon0/in1_input", "1\n"),
        ] {
            let path = class.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let told = temperatures(class.path());
        let told: Vec<_> = told
            .iter()
            .map(|told| (told.sensor.as_str(), told.name.as_str(), told.celsius))
            .collect();
        assert_eq!(
            told,
            [
                ("thermal_zone0", "cpu-thermal", 48.312),
                ("hwmon0/temp1", "rp1_adc", -5.0),
                ("hwmon0/temp2", "rp1_adc Tdie", 40.5),
            ]
        );
        assert_eq!(temperatures(&class.path().join("nowhere")), []);
    }
}
