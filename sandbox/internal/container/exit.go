package container

// ExitOOMKilled is what a Program returns when the kernel has killed it for using
// more memory than its limit: the container ends with exit code 137 and the reason
// OOMKilled. It lies outside the range of exit codes a process can choose.
const ExitOOMKilled = 1<<8 | 137
