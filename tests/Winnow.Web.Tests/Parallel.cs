// Most tests here wait, for processes, stores and clocks of their own: more of them than there are processors run side by side.
[assembly: Xunit.CollectionBehavior(MaxParallelThreads = 6)]
