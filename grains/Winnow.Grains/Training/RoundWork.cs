using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Grains.Datasets;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Training;

/// <summary>
/// One round as its steps see it: what it is, what it has made durable, whom it asks. A step changes the state and whoever runs the steps
/// writes it, unless the step must have something on disk before it goes on.
/// </summary>
/// <remarks>Whatever is random is drawn from the dataset's seed, the arm and the round's number alone.</remarks>
internal sealed class RoundWork(
    RoundPorts ports, IGrainFactory grains, DatasetInfo dataset, string arm, int number, IPersistentState<RoundState> state)
{
    private DatasetInfo _dataset = dataset;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _wake = new(0, 1);

    public RoundPorts Ports => ports;

    public IGrainFactory Grains => grains;

    /// <summary>The dataset as it was when the round last had to know.</summary>
    public DatasetInfo Dataset => _dataset;

    /// <summary>Brings the round to the newest label schema.</summary>
    public async Task FollowSchemaAsync(CancellationToken cancellationToken)
    {
        var now = await ports.Datasets.AskAsync(_dataset.Name, cancellationToken);
        if (now.Schema.Number != _dataset.Schema.Number) _dataset = _dataset with { Schema = now.Schema };
    }

    /// <summary>Whether the labels that its candidate learned from are still those that people give.</summary>
    /// <exception cref="RefusedException">They are not, and the round ends.</exception>
    public void ThrowIfOtherClasses()
    {
        if (State.HeadKey is null || _dataset.Schema.Serves(State.Schema)) return;
        throw new RefusedException(string.Create(
            CultureInfo.InvariantCulture,
            $"The label schema has other classes since its version {_dataset.Schema.LearnedSince}, and this round learned under version "
            + $"{State.Schema ?? 1}. Its answers are kept: start another round."));
    }

    public string Arm => arm;

    public int Number => number;

    public string Name { get; } = Abstractions.Images.GrainKeys.Round(dataset.Name, arm, number);

    public RoundState State => state.State;

    /// <summary>What it waits for other than people, as a sentence; null while it does not.</summary>
    public string? Waiting { get; set; }

    /// <summary>Why no model is trained from the dataset's labels, as the end of a sentence; null where one is.</summary>
    public string? WhyNothingIsLearnt => Learnable.WhyNot(_dataset.Schema, ports.Level.LearnsSets);

    /// <summary>When it was last written that people have said something.</summary>
    public DateTimeOffset HeardWrittenAt { get; set; }

    public ulong Seed
    {
        get
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{_dataset.Settings.Seed}/{arm}/{number}")), hash);
            return BitConverter.ToUInt64(hash);
        }
    }

    public IDatasetGrain DatasetGrain => grains.GetGrain<IDatasetGrain>(_dataset.Name);

    /// <summary>Does something with all shards; it must be harmless to do it twice.</summary>
    public Task<T> OnShardsAsync<T>(Func<IShardLearning[], Task<T>> work, CancellationToken cancellationToken) =>
        ports.Datasets.OnShardsAsync(
            _dataset.Name, shards => work(shards.Grains<IShardLearning>(grains, _dataset.Name)), cancellationToken);

    /// <summary>Asks nobody any more about what nobody has answered. Harmless to do twice.</summary>
    public Task WithdrawAsync(CancellationToken cancellationToken) => OnShardsAsync(async shards =>
    {
        await shards.AllAsync(s => s.WithdrawAsync(arm, number, cancellationToken));
        return true;
    }, cancellationToken);

    /// <summary>Makes the state durable, and first what has grown too large for it.</summary>
    public async Task WriteAsync()
    {
        await ports.Selections.MoveAsync(Name, state.State);
        await state.WriteStateAsync(CancellationToken.None);
    }

    /// <summary>Something that it may be waiting for has happened.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    /// <summary>Waits until it is woken, or for a moment.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => _wake.WaitAsync(Poll, cancellationToken);
}
