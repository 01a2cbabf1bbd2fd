//! The WASI interfaces that a plugin may import.

use semver::Version;

/// The interfaces that supported toolchains import, whether or not a plugin uses them.
const INTERFACES: [&str; 19] = [
    "cli/environment",
    "cli/exit",
    "cli/stderr",
    "cli/stdin",
    "cli/stdout",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stderr",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "clocks/monotonic-clock",
    "clocks/wall-clock",
    "filesystem/preopens",
    "filesystem/types",
    "io/error",
    "io/poll",
    "io/streams",
    "random/insecure-seed",
    "random/random",
];

/// Returns the frozen WASI interface that an import names: `clocks/wall-clock` for `wasi:clocks/wall-clock@0.2.6`.
pub(crate) fn interface(import: &str) -> Option<&'static str> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let version = Version::parse(version).ok()?;
    let is_known = version.major == 0 && version.minor == 2 && version.pre.is_empty();
    INTERFACES.into_iter().find(|known| is_known && *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_02_is_known_and_no_other() {
        assert_eq!(interface("wasi:clocks/wall-clock@0.2.12"), Some("clocks/wall-clock"));
        for other in [
            "wasi:clocks/wall-clock",
            "wasi:clocks/wall-clock@0.3.0",
            "wasi:clocks/wall-clock@0.2.0-rc",
            "wasi:clocks/wall-clock@1.2.0",
            "wasi:clocks/timezone@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "acme:clocks/wall-clock@0.2.6",
        ] {
            assert_eq!(interface(other), None, "{other}");
        }
    }
}
