// Package volume makes the volumes of a pod as directories of real files, and keeps
// those that come from the cluster up to date.
//
// Files of ConfigMaps, Secrets, tokens and the downward API are published the way the
// kubelet does it: a directory with a time in its name, a link ..data to it that is
// switched in one step, and links to the files through ..data. Readers never see a
// mixture of two versions.
package volume
