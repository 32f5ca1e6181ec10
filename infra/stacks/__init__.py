"""The CDK stacks of Stock AI."""
