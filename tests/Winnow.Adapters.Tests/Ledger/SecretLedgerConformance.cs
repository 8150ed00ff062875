using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to about secrets.</summary>
public abstract class SecretLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task A_secret_is_made_once()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Secrets.GetOrCreateSecretAsync("lease", 32, Never)));
        Assert.All(made, secret => Assert.Equal(made[0], secret));
        Assert.Equal(32, made[0].Length);
        Assert.NotEqual(made[0], await Secrets.GetOrCreateSecretAsync("other", 32, Never));
        await RestartAsync();
        Assert.Equal(made[0], await Secrets.GetOrCreateSecretAsync("lease", 32, Never));
        await Assert.ThrowsAsync<SetAsideException>(() => Secrets.GetOrCreateSecretAsync("lease", 16, Never));
    }

    [Fact]
    public async Task A_secret_of_another_length_is_discarded_and_made_anew()
    {
        var made = await Secrets.GetOrCreateSecretAsync("lease", 32, Never);
        Assert.False(await Secrets.DiscardSecretAsync("lease", 32, Never));
        Assert.False(await Secrets.DiscardSecretAsync("other", 32, Never));
        Assert.Equal(made, await Secrets.GetOrCreateSecretAsync("lease", 32, Never));
        Assert.True(await Secrets.DiscardSecretAsync("lease", 16, Never));
        Assert.Equal(16, (await Secrets.GetOrCreateSecretAsync("lease", 16, Never)).Length);
    }
}
