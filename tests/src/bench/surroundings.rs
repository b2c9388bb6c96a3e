//! What a figure depends on beside the programs.

use std::fs;

use anyhow::Result;

use super::outcome::Surroundings;

impl Surroundings {
    /// Of this machine; what runs its instructions is known outside.
    pub fn read(accelerator: &str) -> Result<Self> {
        let processor = fs::read_to_string("/proc/cpuinfo")?;
        let model = processor
            .lines()
            .find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1));
        let load = fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            processor: model.unwrap_or("unknown").to_owned(),
            mitigations: mitigations()?,
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            accelerator: accelerator.to_owned(),
        })
    }
}

/// `off`, or what is switched on.
fn mitigations() -> Result<String> {
    if fs::read_to_string("/proc/cmdline")?.contains("mitigations=off") {
        return Ok("off".to_owned());
    }
    let mut on = Vec::new();
    for entry in fs::read_dir("/sys/devices/system/cpu/vulnerabilities")? {
        let entry = entry?;
        let text = fs::read_to_string(entry.path())?;
        if let Some(means) = text.trim().strip_prefix("Mitigation: ") {
            on.push(format!("{}: {means}", entry.file_name().to_string_lossy()));
        }
    }
    on.sort();
    Ok(on.join("; "))
}
