// Pages and their server share the processors with one another: one after the other each is as quick as it is for people.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
