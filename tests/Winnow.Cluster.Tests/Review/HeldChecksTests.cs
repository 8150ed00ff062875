using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

/// <summary>What becomes of a lease says nothing of whether its task checks the person who has it.</summary>
[Trait("kind", "security")]
public sealed class HeldChecksTests
{
    private const int Seeds = 2_000;
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(4);
    private static readonly DateTimeOffset Far = Start.AddYears(1);
    private static readonly TaskKind[] Labels = [TaskKind.Label];

    [Fact]
    public void A_check_is_held_kept_and_given_back_like_any_other_task()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (random, now, image) = (new Random(seed), Start, ShardIndexTests.IdOf(1));
            var (stock, checks) = (new QueueStock(), new HeldChecks());
            stock.Add(0, new ReservedTask(image, "1", 1, 0, -1, 0, null), Far, now);
            Assert.NotNull(stock.Take("ann", Labels, now, now + Period));
            checks.Hold(image, "ann", now + Period, now);
            var leases = new List<Lease> { new("cats", image, 0, "ann", now + Period, Start) };
            var latest = now + (random.Next(2, 8) * Period);
            for (var step = 0; step < 12; step++)
            {
                now += Period * random.NextDouble() * 0.7;
                var at = $"seed {seed}, step {step}";
                Assert.True(stock.HeldBy("ann", now) == checks.HeldBy("ann", now), $"{at}: held");
                switch (random.Next(12))
                {
                    case 0:
                        Assert.True(stock.PutBack(image, "ann", false, now) == checks.PutBack(image, "ann", now), $"{at}: given back");
                        break;
                    case 2 when stock.Take("ann", Labels, now, now + Period, again: true) is not null:
                        checks.Hold(image, "ann", now + Period, now);
                        leases.Add(leases[0] with { Expires = now + Period, Given = now });
                        break;
                    case 1:
                        stock.Remove(image);
                        checks.Answered(image, "ann");
                        break;
                    default:
                        var lease = leases[random.Next(leases.Count)];
                        var (one, other) = (stock.Present(lease, now, Period, latest), checks.Present(lease, now, Period, latest));
                        Assert.True(one == other, $"{at}: {one} and {other}");
                        if (one is { } held) leases.Add(lease with { Expires = held.Ends, Given = held.Given });
                        break;
                }
            }
        }
    }
}
