"""What machine this is, and how much of it others used while we measured."""

import os
import platform
import re
import subprocess
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def describe(root):
    def run(*command):
        return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout

    lscpu = dict(re.findall(r"^([^:\n]+):\s*(.*)$", run("lscpu"), re.M))
    flags = set(lscpu.get("Flags", "").split())
    wanted = ["avx2", "avx512f", "avx512_vbmi2", "sha_ni", "vaes"]
    return {
        "cpu": lscpu.get("Model name", platform.processor()),
        "cpu_family_model": f"family {lscpu.get('CPU family', '?')}, model {lscpu.get('Model', '?')}",
        "flags": [flag for flag in wanted if flag in flags],
        "cores": os.cpu_count(),
        "l2": lscpu.get("L2 cache", "?"),
        "hypervisor": lscpu.get("Hypervisor vendor", "none"),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "compiler": (run("c++", "--version").splitlines() or ["?"])[0],
        "openssl": " ".join(run("openssl", "version").split()[:2]),
        "commit": run("git", "rev-parse", "--short", "HEAD").strip() + ("+" if run("git", "status", "--porcelain", "-uno") else ""),
    }


def busy_seconds():
    """CPU seconds that all cores have spent since boot, stolen ones included."""
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / TICKS


def process_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
