using Winnow.Grains.Review;

namespace Winnow.Cluster.Tests.Review;

public sealed class PeopleAtWorkTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Whoever_asks_is_at_work_until_not_heard_of_for_a_minute()
    {
        var people = new PeopleAtWork();
        people.Heard("ann", Now);
        people.Heard("bob", Now.AddSeconds(50));
        Assert.Equal(["ann", "bob"], people.Lately(Now.AddSeconds(60)));
        Assert.Equal(["bob"], people.Lately(Now.AddSeconds(61)));
        Assert.Empty(people.Lately(Now.AddSeconds(111)));
    }

    [Fact]
    public void Any_number_of_names_is_forgotten_again()
    {
        var people = new PeopleAtWork();
        for (var i = 0; i < 100_000; i++) people.Heard($"name {i}", Now.AddSeconds(i));
        Assert.InRange(people.Remembered, 61, 2_000);
    }
}
