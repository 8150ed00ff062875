using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Grains;

/// <summary>
/// How records cross between silos. Silos of two versions run beside each other during an upgrade, so what stands here and in the records'
/// aliases is a contract.
/// </summary>
public static class WireFormat
{
    /// <summary>
    /// Flat records have serializers of their own; records of the model, which knows no wire, cross as JSON. To be called once the silo
    /// has Orleans' own services.
    /// </summary>
    public static IServiceCollection AddWinnowWireFormat(this IServiceCollection services)
    {
        // A store that is away must look the same to a caller on another silo as it does here, whatever its driver threw.
        services.Configure<ExceptionSerializationOptions>(o => o.SupportedExceptionTypeFilter = typeof(Exception).IsAssignableFrom);
        services.AddSingleton<ITypeConverter, KeptWireNames>();
        // After Orleans' own, which names each class as it is called now.
        services.AddSingleton<IGrainPropertiesProvider, KeptGrainNames>();
        services.AddSingleton<IGeneralizedCopier, SharedRecords>();
        return services.AddSerializer(s => s.AddJsonSerializer(
            IsOfModel, type => IsOfModel(type) && !SharedRecords.Has(type),
            options => options.Configure(o => o.SerializerOptions = ModelJson.Default.Options)));
    }

    // Image ids cross in 32 bytes of their own.
    private static bool IsOfModel(Type type) => type != typeof(ImageId) && !type.IsEnum
        && type.Namespace?.StartsWith("Winnow.Model", StringComparison.Ordinal) == true;
}
