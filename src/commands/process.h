// Process: what has to be settled before a command runs, whatever the platform started us with. Main thread,
// first thing in main.
#pragma once

namespace ddb {

// - Standard descriptors that are closed get /dev/null in their place, opened the wrong way round for stdin
// and
//   stdout, so that no socket lands on them and using them is an error, not an empty input or a lost STATE.
// - The soft limit of open descriptors is raised to the hard one.
// - SIGPIPE is ignored: a closed stdout or socket is an error of the call that meets it.
// - Out of memory ends the process at once: one TRACE ERROR without allocating, exit 1. So does an exception
// that
//   nobody catches.
void PrepareProcess();

}  // namespace ddb
