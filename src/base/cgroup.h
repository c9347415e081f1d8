/*
 * The CPU time a control group allows: what a container's "cpus: 1.5" becomes.
 *
 * Both hierarchies are read, version 2 (cpu.max) and version 1 (cpu.cfs_quota_us over
 * cpu.cfs_period_us), from the group this process is in up to the root it can see: the least
 * of them all binds (kernel: admin-guide/cgroup-v2, scheduler/sched-bwc).
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

/*
 * CPUs' worth of time, such as 1.5; 0: no limit, or none that can be read.  `root` goes before
 * each path that is opened: "" is this system, tests give a folder of their own.
 */
double cgroup_cpu_quota(const char *root);

#endif
