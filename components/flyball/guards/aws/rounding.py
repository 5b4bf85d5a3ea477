"""What AWS makes of a percentage: whole instances, rounded towards none of them, but never to nothing.

12.7 counts as 12, 0.67 as 1, -0.58 as -1 and -6.67 as -6 (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
as-scaling-simple-step.html#as-scaling-adjustment). Kubernetes rounds its autoscaler's steps the other way: of 12 pods
10 % are two, of 12 instances one.
"""


def change(instances: int, percent: int, least: int = 1) -> int:
    """The instances that `percent` of a group's are, with its sign: at least `least`, its MinAdjustmentMagnitude.

    Nothing for 0 %, and of a group without instances.
    """
    if percent == 0 or instances == 0:
        return 0
    share = max(1, least, instances * abs(percent) // 100)
    return share if percent > 0 else -share
