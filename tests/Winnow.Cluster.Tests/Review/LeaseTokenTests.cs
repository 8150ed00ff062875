using CsCheck;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

public sealed class LeaseTokenTests
{
    private static readonly Lease Given = new(
        "cats", ShardIndexTests.IdOf(1), 3, "ann", DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123),
        DateTimeOffset.UnixEpoch.AddYears(50).AddTicks(7));

    private static readonly Lease RenewedOne = Given with { Given = DateTimeOffset.FromUnixTimeMilliseconds(1_799_999_000_456) };

    [Fact]
    public void A_lease_says_when_its_task_was_given_however_often_it_was_renewed()
    {
        var period = TimeSpan.FromMinutes(5);
        Assert.Equal(Given.Expires - period, Given.GivenAt(period));
        Assert.Equal(RenewedOne.Given, RenewedOne.GivenAt(period));
        Assert.Throws<ArgumentException>(() => new LeaseTokens([1]).Sign(RenewedOne with { Since = null }));
        Assert.Throws<ArgumentException>(
            () => new LeaseTokens([1]).Sign(Given with { Since = null, Terms = new TaskTerms(TaskKind.Verify) }));
    }

    [Fact]
    public void A_lease_of_an_early_release_is_read()
    {
        const string token =
            "AWer3XIQJPD_Tgs_TC_BO8W61C0LeFHUVtiNID0VqqRQAwAAAHtQXBijAQA"
            + "ABABjYXRzAwBhbm4aBJWQyXwglWpvG-nxsYGmsm3X5K-BKLYqkz6fmnKdJg";
        Assert.True(new LeaseTokens([1, 2, 3]).TryRead(token, out var read));
        Assert.Equal(Given with { Since = null }, read);
    }

    [Fact]
    public void A_lease_is_read_as_it_was_signed()
    {
        var tokens = new LeaseTokens([1, 2, 3]);
        foreach (var given in new[]
        {
            Given, Given with { Since = null }, RenewedOne, Given with { Terms = new TaskTerms(TaskKind.Label, 3, Verify: true) },
            RenewedOne with { Terms = new TaskTerms(TaskKind.Verify, VerifierSettles: true) },
            Given with { Schema = 7, Terms = new TaskTerms(TaskKind.Arbitrate) },
            RenewedOne with { Schema = 1, Terms = new TaskTerms(TaskKind.Label, 3) },
        })
        {
            Assert.True(tokens.TryRead(tokens.Sign(given), out var read));
            Assert.Equal(given, read);
        }
    }

    [Fact]
    public void What_a_lease_is_of_cannot_be_read_off_it()
    {
        var tokens = new LeaseTokens([1, 2, 3]);
        var labels = Enumerable.Range(0, 40)
            .Select(n => Given with { Image = ShardIndexTests.IdOf(n), Terms = new TaskTerms(TaskKind.Label) });
        var gold = labels.Select(l => l with { Terms = new TaskTerms(TaskKind.Qualify) });
        var (plain, checks) = (labels.Select(l => tokens.Sign(l)).ToArray(), gold.Select(l => tokens.Sign(l)).ToArray());
        Assert.Equal(plain.Select(t => t.Length), checks.Select(t => t.Length));
        // No place of the text says which: each holds as many characters in leases of the one kind as in those of the other.
        for (var i = 0; i < plain[0].Length; i++)
        {
            var (a, b) = (plain.Select(t => t[i]).ToHashSet(), checks.Select(t => t[i]).ToHashSet());
            Assert.True(a.Overlaps(b), $"character {i} is one of {string.Concat(a.Order())} or one of {string.Concat(b.Order())}");
        }
    }

    [Fact]
    public void No_change_of_a_token_goes_unseen()
    {
        var tokens = new LeaseTokens([1, 2, 3]);
        var token = tokens.Sign(Given);
        Gen.Select(Gen.Int[0, token.Length - 1], Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-_"]).Sample((at, c) =>
        {
            if (token[at] == c) return;
            var forged = token[..at] + c + token[(at + 1)..];
            // The last character may carry bits that no byte uses.
            Assert.True(!tokens.TryRead(forged, out var read) || read == Given);
        });
        Assert.False(new LeaseTokens([9]).TryRead(token, out _));
        for (var length = 0; length < token.Length; length++) Assert.False(tokens.TryRead(token[..length], out _));
    }
}
