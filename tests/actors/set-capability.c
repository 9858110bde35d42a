/* SPDX-License-Identifier: Apache-2.0 */
/* set-capability PATH: give the file cap_net_raw=ep, as setcap(8) does. A bind mount or an image
 * may have lost the attribute, so it is set where the file is run. */
#include "actor.h"

#include <linux/capability.h>
#include <sys/xattr.h>

int main(int argc, char *argv[])
{
	struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1u << CAP_NET_RAW,
	};

	need_arguments(argc, argv, 1, "PATH");
	if (setxattr(argv[1], "security.capability", &capabilities, XATTR_CAPS_SZ_2, 0) < 0)
		die("setxattr");
	return 0;
}
