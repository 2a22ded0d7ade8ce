// Package deploy turns a serving profile and the user's values into
// Kubernetes objects, brings them into a cluster, and takes them out again.
//
// A Profile is data and plain YAML. Render makes the typed edits that the
// Values ask for and refuses what cannot work, with every problem at once;
// it needs no cluster. An Applier applies objects server-side under the field
// manager "kubectl-jetstream" and never overwrites what belongs to somebody
// else. DetectLWS, InstallLWS and WaitLWS look after the LeaderWorkerSet
// controller the workloads need. Delete removes what was applied.
//
// Every operation can be repeated and interrupted at any point: it reads the
// state of the cluster first and leaves nothing on this machine. Functions
// that take a report callback call it from the calling goroutine, in order,
// and start no goroutine that outlives them. A Profile and its parts are not
// changed after loading and may be used concurrently.
package deploy
