using System.Globalization;
using Winnow.Model;
using Winnow.Model.Training;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private static readonly TimeSpan RoundPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts the next round of an arm. The same operation id starts one round.</summary>
    /// <exception cref="WinnowApiException">The arm has an unfinished round, or the request is not sound.</exception>
    public Task<RoundInfo> StartRoundAsync(string dataset, StartRound command, Guid? operationId = null,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/rounds", command, ModelJson.Default.StartRound, ModelJson.Default.RoundInfo,
            operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>All rounds, oldest first.</summary>
    public Task<IReadOnlyList<RoundInfo>> ListRoundsAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/rounds", ModelJson.Default.IReadOnlyListRoundInfo, cancellationToken);

    /// <summary>One round.</summary>
    public Task<RoundInfo> GetRoundAsync(string dataset, string arm, int number, CancellationToken cancellationToken = default) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/rounds/{Segment(arm)}/{number}"),
        ModelJson.Default.RoundInfo, cancellationToken);

    /// <summary>Returns when a round has ended, well or not.</summary>
    public async Task<RoundInfo> WaitForRoundAsync(string dataset, string arm, int number, IProgress<RoundInfo>? progress = null,
        CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var round = await GetRoundAsync(dataset, arm, number, cancellationToken);
            progress?.Report(round);
            if (round.HasEnded) return round;
            await Task.Delay(RoundPoll, _options.TimeProvider, cancellationToken);
        }
    }

    /// <summary>
    /// Ends a round by hand: it goes on with what people said, and <see cref="WaitForRoundAsync"/> tells what came of it. What nobody has
    /// answered is asked no more; what somebody could not tell stays open for others, whose answers count from the next round on. A round
    /// that has asked nobody yet, or that learns already, ends at once. The same operation id ends it once; one that has ended is answered
    /// as it is.
    /// </summary>
    /// <exception cref="WinnowApiException">There is no such round.</exception>
    public async Task<RoundInfo> EndRoundAsync(string dataset, string arm, int number, Guid? operationId = null,
        CancellationToken cancellationToken = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/rounds/{Segment(arm)}/{number}/end");
        using var response =
            await SendAsync(HttpMethod.Post, path, null, operationId ?? Guid.NewGuid(), HttpCompletionOption.ResponseContentRead,
                cancellationToken);
        return await ReadAsync(response, ModelJson.Default.RoundInfo, cancellationToken);
    }

    /// <summary>One learning curve per arm.</summary>
    public Task<IReadOnlyList<LearningCurveInfo>> GetCurvesAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/curves", ModelJson.Default.IReadOnlyListLearningCurveInfo, cancellationToken);

    /// <summary>The head of a round's model as an ONNX file.</summary>
    public Task<byte[]> GetModelAsync(string dataset, string arm, int round, CancellationToken cancellationToken = default) =>
        GetBytesAsync(string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/models/{Segment(arm)}/{round}/onnx"),
        cancellationToken);
}
