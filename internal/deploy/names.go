package deploy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxStatefulSetName is the longest name of a StatefulSet whose pods can be
// made: the label that names their revision is the name, a dash and a hash
// of ten, and a label ends at 63.
const maxStatefulSetName = validation.LabelValueMaxLength - len("-0123456789")

// groupName is the form of the name of a group of another deployment.
var groupName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`-[0-9]+$`)
})

// ServiceName returns the name of a deployment's Service.
func ServiceName(name string) string {
	if name == DefaultName {
		return defaultService
	}
	return name + "-svc"
}

// checkName checks the name of a deployment. It becomes the name of a
// headless Service and, with the group's index, of StatefulSets and pods.
func checkName(name string, replicas int64, ps *problems) {
	const flag = "NAME"
	if wrong := validation.IsDNS1035Label(name); len(wrong) > 0 {
		ps.add(flag, name, "not a name for a Service, which the deployment needs: "+wrong[0],
			"use lower-case letters, digits and dashes, a letter first")
		return
	}
	index := strconv.FormatInt(max(replicas-1, 0), 10)
	if longest := min(maxStatefulSetName-len("-"+index), validation.DNS1035LabelMaxLength-len("-svc")); len(name) > longest {
		ps.add(flag, name, fmt.Sprintf("too long: with the index of a group and a revision it exceeds a label's %d characters", validation.LabelValueMaxLength),
			fmt.Sprintf("use at most %d characters", longest))
	}
	// LeaderWorkerSet makes a headless Service of the deployment's name.
	if strings.HasSuffix(name, "-svc") || ServiceName(name) == defaultService && name != DefaultName {
		ps.add(flag, name, "its Services would collide with those of another deployment",
			"use a name other than jetstream that does not end in -svc")
	}
	// LeaderWorkerSet names the StatefulSet of a group's workers after the
	// deployment and the group's index, and takes one that is there for its own.
	if index := groupName().FindString(name); index != "" {
		ps.add(flag, name, fmt.Sprintf("its StatefulSet would collide with that of group %s of a deployment %s", index[1:], strings.TrimSuffix(name, index)),
			"use a name that does not end in a dash and a number")
	}
}

func checkNamespace(namespace string, ps *problems) {
	if wrong := validation.IsDNS1123Label(namespace); namespace != "" && len(wrong) > 0 {
		ps.add("--namespace", namespace, "not a name of a namespace: "+wrong[0],
			"use lower-case letters, digits and dashes")
	}
}

func checkObjectName(flag, name string, ps *problems) {
	if wrong := validation.IsDNS1123Subdomain(name); len(wrong) > 0 {
		ps.add(flag, name, "not a name of an object: "+wrong[0], "use lower-case letters, digits, dashes and dots")
	}
}

func checkText(flag, value string, ps *problems) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		ps.add(flag, value, "has control characters in it", "use printable characters")
	}
}
