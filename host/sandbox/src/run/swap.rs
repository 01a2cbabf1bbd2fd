//! Finds out whether the memory of this process can be swapped out.
//!
//! A page of a sandbox that was written and then swapped out is not found by the page-map scan that wasmtime offers for wiping
//! sandboxes, so the next call would read it. Where swapping is possible, sandboxes are wiped without the scan.

use std::{fs, io, path::Path};

/// A reason why memory of this process can be swapped out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapPossible(String);

impl std::fmt::Display for SwapPossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the reason why memory of this process can be swapped out now, if it can. Anything that cannot be read counts as
/// a reason.
pub fn swap_possible() -> Option<SwapPossible> {
    let swaps = match fs::read_to_string("/proc/swaps") {
        Ok(swaps) => swaps,
        // A kernel without swap has no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(SwapPossible(format!("/proc/swaps cannot be read: {error}"))),
    };
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    decide(&swaps, &swap_limits(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"), Path::new("/")))
}

/// Decides from the content of `/proc/swaps` and of the files `memory.swap.max` of the process's control group and the
/// groups around it.
fn decide(swaps: &str, swap_limits: &[String]) -> Option<SwapPossible> {
    // The first line holds the names of the columns.
    let areas: Vec<&str> = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    // The group whose limit is the lowest decides. The limits of version 1 are not asked: they bound the sum of memory and
    // swap, and a group at its limit can still be swapped out when the whole machine runs short.
    if areas.is_empty() || swap_limits.iter().any(|limit| limit.trim() == "0") {
        return None;
    }
    Some(SwapPossible(format!("this machine swaps to {}", areas.join(", "))))
}

/// Returns the content of `memory.swap.max` of the process's control group (version 2) and of every group around it that can
/// be seen. `cgroup` and `mountinfo` are the files of these names in `/proc/self`; `root` is the root directory.
fn swap_limits(cgroup: &str, mountinfo: &str, root: &Path) -> Vec<String> {
    let Some(group) = cgroup.lines().find_map(|line| line.strip_prefix("0::")) else { return Vec::new() };
    let Some((mounted, mount_point)) = mountinfo.lines().find_map(cgroup2_mount) else { return Vec::new() };
    // Outside of a namespace of its own, a container sees the whole path, of which only the end is mounted.
    let inside = group.strip_prefix(mounted.trim_end_matches('/')).unwrap_or(group).trim_start_matches('/');
    // A group outside of what is mounted is written with `..`; only the mounted ones can be read.
    let inside = if inside.split('/').any(|part| part == "..") { "" } else { inside };
    let top = root.join(mount_point.trim_start_matches('/'));
    let groups = Path::new(inside).ancestors().map(|group| top.join(group).join("memory.swap.max"));
    groups.filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// Returns the mounted directory and the mount point, if a line of `mountinfo` is the mount of control groups, version 2.
fn cgroup2_mount(line: &str) -> Option<(&str, &str)> {
    let (mount, file_system) = line.split_once(" - ")?;
    if !file_system.starts_with("cgroup2 ") {
        return None;
    }
    let mut fields = mount.split(' ').skip(3);
    Some((fields.next()?, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    const ONE: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
        /swapfile                               file\t\t2097148\t\t0\t\t-2\n\
        /dev/zram0                              partition\t\t1024\t\t0\t\t100\n";

    fn limits(limits: &[&str]) -> Vec<String> {
        limits.iter().map(|limit| (*limit).to_owned()).collect()
    }

    #[test]
    fn without_a_swap_area_nothing_can_be_swapped_out() {
        assert_eq!(decide(NONE, &[]), None);
        assert_eq!(decide("", &limits(&["max\n"])), None);
    }

    #[test]
    fn a_swap_area_counts_unless_a_group_may_not_swap() {
        let found = decide(ONE, &[]).unwrap().to_string();
        assert_eq!(found, "this machine swaps to /swapfile, /dev/zram0");
        assert!(decide(ONE, &limits(&["max\n", "1048576\n"])).is_some());
        assert_eq!(decide(ONE, &limits(&["0\n"])), None);
        // The limit of a group around the process's own.
        assert_eq!(decide(ONE, &limits(&["max\n", "0\n"])), None);
    }

    /// A directory that looks like the root of a system with these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (file, content) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    const V2: &str = "35 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const HYBRID: &str = "32 31 0:35 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_limits_of_a_group_and_of_those_around_it_are_read() {
        let root = system(&[
            ("sys/fs/cgroup/system.slice/memory.swap.max", "0\n"),
            ("sys/fs/cgroup/system.slice/inlet.service/memory.swap.max", "max\n"),
        ]);
        let found = swap_limits("0::/system.slice/inlet.service\n", V2, root.path());
        assert_eq!(found, ["max\n", "0\n"]);
    }

    #[test]
    fn in_a_container_the_mounted_group_is_the_own_one() {
        let root = system(&[("sys/fs/cgroup/memory.swap.max", "0\n")]);
        assert_eq!(swap_limits("0::/\n", V2, root.path()), ["0\n"]);
        let mounted = V2.replace(" / /sys", " /docker/4f2a /sys");
        assert_eq!(swap_limits("0::/docker/4f2a\n", &mounted, root.path()), ["0\n"]);
        assert_eq!(swap_limits("0::/../other\n", V2, root.path()), ["0\n"]);
    }

    #[test]
    fn limits_of_version_1_prove_nothing() {
        let root = system(&[
            ("sys/fs/cgroup/memory/inlet/memory.limit_in_bytes", "1048576\n"),
            ("sys/fs/cgroup/memory/inlet/memory.memsw.limit_in_bytes", "1048576\n"),
        ]);
        let found = swap_limits("4:memory:/inlet\n0::/\n", HYBRID, root.path());
        assert_eq!(found, Vec::<String>::new());
        assert!(decide(ONE, &found).is_some());
    }
}
